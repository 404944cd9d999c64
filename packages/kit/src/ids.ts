import { v7 } from 'uuid'

/** A new UUIDv7: grows with time, so that primary keys fill their index at one end. */
export const newId = () => v7()
