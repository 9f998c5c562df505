/** The database cannot be used as it is; the message says why and what to do. Waiting does not help. */
export class SchemaError extends Error {}

/** The database is reached through something that keeps no sessions. */
export class PoolerError extends SchemaError {}
