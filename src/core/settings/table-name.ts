/** Names of tables: Postfix splits `socketmap:inet:HOST:PORT:NAME` at the last colon. */
export const TABLE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
