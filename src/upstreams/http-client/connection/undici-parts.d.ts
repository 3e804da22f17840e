/** What undici gives no types for: one of its own files, as CommonJS exports it. */
declare module 'undici/lib/*' {
  const part: object
  export = part
}
