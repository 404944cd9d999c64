import { v7 } from 'uuid'

/** Seconds that an access token lives. */
export const accessTokenSeconds = 900

/** The id of a token made at this time of Redis, in milliseconds: a UUIDv7, so that a revocation can tell before from after. */
export const tokenIdAt = (ms: number) => v7({ msecs: ms })

/** When a token was made, in milliseconds of Redis' clock, by its id. */
export const madeAt = (jti: string) => Number.parseInt(jti.slice(0, 8) + jti.slice(9, 13), 16)
