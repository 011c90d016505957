"""What is unaccounted for, the recount, and the sign-off of a round."""
