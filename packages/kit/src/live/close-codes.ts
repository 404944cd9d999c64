import { closeCodes, type CloseCode } from '@wealist/contract/live'

export { closeCodes, type CloseCode }

/** The close code that says what an error of the contract says. */
export const closeCodeOf = (error: string | undefined): CloseCode => {
  if (error === 'UNAUTHORIZED') return closeCodes.unauthorized
  if (error === 'FORBIDDEN') return closeCodes.forbidden
  if (error === 'NOT_FOUND') return closeCodes.unknown
  if (error === 'RATE_LIMITED') return closeCodes.tooMany
  return error === 'VALIDATION_ERROR' ? closeCodes.protocol : closeCodes.restarting
}
