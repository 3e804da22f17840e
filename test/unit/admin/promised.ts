/**
 * What programs that use the admin API rely on, by hand: the routes and the codes of problems. Who removes one from the
 * program breaks them, so they are not taken from the program.
 */

export const ROUTES = [
  'GET /livez',
  'GET /readyz',
  'GET /metrics',
  'GET /',
  'GET /page/{file}',
  'GET /openapi.json',
  'GET /api/v1/status',
  'GET /api/v1/tables',
  'GET /api/v1/tables/{table}',
  'GET /api/v1/tables/{table}/lookup',
  'DELETE /api/v1/tables/{table}/cache',
  'GET /api/v1/upstreams',
  'GET /api/v1/listeners',
  'GET /api/v1/config',
  'POST /api/v1/reload',
  'GET /api/v1/log-level',
  'PUT /api/v1/log-level',
  'GET /api/v1/history',
  'GET /api/v1/problems',
  'GET /api/v1/events',
]

export const CODES = [
  'bad-request',
  'invalid-parameter',
  'token-needed',
  'token-unknown',
  'role-too-low',
  'foreign-origin',
  'header-missing',
  'not-found',
  'table-unknown',
  'method-not-allowed',
  'timeout',
  'body-too-large',
  'headers-too-large',
  'media-type',
  'host-unknown',
  'configuration-bad',
  'too-many-requests',
  'too-many-watchers',
  'defect',
]
