"""What leaves the house and can be checked outside: proofs, certificates, FHIR."""
