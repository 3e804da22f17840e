/**
 * Sections without a mistake, one line each, so that the line numbers of a case are easy to count.
 */
export const LISTENERS = 'listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:8464" }]'
export const UPSTREAMS = 'upstreams: { d: { endpoints: ["http://127.0.0.1:1"] }, s: { entries: { a: b } } }'
export const TABLES = 'tables: { t: { upstream: d, request: { path: "/{key}" }, canary: { key: a } } }'
