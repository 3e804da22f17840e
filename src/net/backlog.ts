/**
 * Connections that wait to be accepted. Ours: a storm of a whole Postfix; the kernel's
 * net.core.somaxconn bounds it too.
 */
export const BACKLOG = 1024
