// The service worker: the app's shell from this device first; never anything of /api.
