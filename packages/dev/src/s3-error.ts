/** An error as S3 words it. */
export class S3Error extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const noSuchBucket = () => new S3Error(404, 'NoSuchBucket', 'The bucket does not exist.')
export const noSuchKey = () => new S3Error(404, 'NoSuchKey', 'The specified key does not exist.')
export const notImplemented = (what: string) =>
  new S3Error(501, 'NotImplemented', `This stand-in does not know ${what}.`)

export const escapeXml = (s: string) => s.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`)
