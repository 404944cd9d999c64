import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { S3Error } from './s3-error.ts'
import type { Headers } from './s3-headers.ts'
import { checkSums, type Measured, measuring } from './s3-measure.ts'
import { chunkSignature, equal, type Signed } from './s3-signature.ts'

const broken = () => new S3Error(400, 'IncompleteBody', 'The body is not what its length or its chunks say.')

/** The body of a request, out of the chunks that it may come in (aws-chunked). Trailers go into `trailers`. */
export async function* bodyOf(request: IncomingMessage, signed: Signed, trailers: Headers): AsyncGenerator<Uint8Array> {
  if (!signed.payload.startsWith('STREAMING-')) return yield* request as AsyncIterable<Buffer>
  const { line, take } = reading(request)
  const chunksSigned = signed.payload === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
  let before = signed.signature
  for (let size = -1; size !== 0;) {
    const [, length, claimed = ''] = /^([0-9a-f]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(await line()) ?? []
    if (length === undefined) throw broken()
    size = Number.parseInt(length, 16)
    const hash = createHash('sha256')
    for await (const piece of take(size)) {
      hash.update(piece)
      yield piece
    }
    if (chunksSigned) {
      before = chunkSignature(signed, before, hash.digest('hex'))
      if (!equal(before, claimed))
        throw new S3Error(403, 'SignatureDoesNotMatch', 'The signature of a chunk does not match.')
    }
    if (size > 0 && (await line()) !== '') throw broken()
  }
  for (let text = await line(); text !== ''; text = await line()) {
    const at = text.indexOf(':')
    trailers[text.slice(0, at).toLowerCase()] = text.slice(at + 1).trim()
  }
}

const reading = (request: IncomingMessage) => {
  const source = (request as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  const more = async () => {
    const next = await source.next()
    if (next.done) throw broken()
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value])
  }
  return {
    line: async () => {
      while (!rest.includes('\r\n')) {
        if (rest.length > 16_384) throw broken()
        await more()
      }
      const at = rest.indexOf('\r\n')
      const text = rest.subarray(0, at).toString()
      rest = rest.subarray(at + 2)
      return text
    },
    async *take(size: number) {
      for (let left = size; left > 0;) {
        if (rest.length === 0) await more()
        const piece = rest.subarray(0, left)
        left -= piece.length
        rest = rest.subarray(piece.length)
        yield piece
      }
    },
  }
}

/** Compares a body with what was said of it: signed hash, length, MD5, checksums. Returns the checksums to keep. */
export const checkBody = (body: Measured, signed: Signed, headers: Headers, trailers: Headers) => {
  if (/^[0-9a-f]{64}$/.test(signed.payload) && signed.payload !== body.sha256)
    throw new S3Error(400, 'XAmzContentSHA256Mismatch', 'The content is not what was signed.')
  const length = signed.payload.startsWith('STREAMING-')
    ? headers['x-amz-decoded-content-length']
    : headers['content-length']
  if (Number(length) !== body.size) throw broken()
  for (const name of (headers['x-amz-trailer'] ?? '').split(',').map((n) => n.trim().toLowerCase()))
    if (name && trailers[name] === undefined)
      throw new S3Error(400, 'MalformedTrailerError', `The trailer ${name} did not come.`)
  return checkSums(body, { ...headers, ...trailers })
}

/** A small body, checked like any other. */
export const textOf = async (request: IncomingMessage, signed: Signed, headers: Headers) => {
  const trailers: Headers = {}
  const measure = measuring()
  const pieces: Uint8Array[] = []
  for await (const piece of bodyOf(request, signed, trailers)) {
    if (measure.add(piece) > 2_000_000) throw new S3Error(400, 'MalformedXML', 'That is too long.')
    pieces.push(piece)
  }
  checkBody(measure.done(), signed, headers, trailers)
  return Buffer.concat(pieces).toString()
}
