// The API's document from /openapi.json; nothing is asked of another host.
window.SwaggerUIBundle({
  url: "/openapi.json", domNode: document.getElementById("api"), deepLinking: true,
  validatorUrl: null, defaultModelsExpandDepth: 0,
});
