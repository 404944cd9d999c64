import { fileURLToPath } from 'node:url'

/** The folder of the checkout. */
export const repository = fileURLToPath(new URL('../../../', import.meta.url))
