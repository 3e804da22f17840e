/**
 * What a listener has where nobody says otherwise: in the configuration and in the library.
 */

/** Permission bits of a socket file. Ours: Postfix reaches it by its group. */
export const DEFAULT_MODE = 0o660

/** Ours: each idle connection takes about 10 KiB, and a Postfix of default size has 100 clients of each kind. */
export const DEFAULT_MAX_CONNECTIONS = 2000
