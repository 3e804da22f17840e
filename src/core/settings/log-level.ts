/**
 * How severe a line of the log is, from the least to the most; `silent` writes none. Those of pino except `fatal`.
 */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]
