import { type IncomingMessage, validateHeaderValue } from 'node:http'
import { S3Error } from './s3-error.ts'

export type Headers = Record<string, string | undefined>

const ofTheSignature = /^x-amz-(algorithm|credential|date|expires|signature|signedheaders|security-token)$/

/** The headers of a request, with those that a presigned URL carries in its query (x-amz-*). */
export const headersOf = (request: IncomingMessage, url: URL): Headers => {
  const headers: Headers = {}
  for (const [name, value] of Object.entries(request.headers)) headers[name] = value?.toString()
  for (const [name, value] of url.searchParams) {
    const lower = name.toLowerCase()
    if (lower.startsWith('x-amz-') && !ofTheSignature.test(lower)) headers[lower] = value
  }
  return headers
}

/** A value that can be sent as a header again, or the refusal. */
export const sendable = (name: string, value: string) => {
  try {
    validateHeaderValue(name, value)
    return value
  } catch {
    throw new S3Error(400, 'InvalidArgument', 'Header value cannot be represented using ISO-8859-1.')
  }
}

const keptNames =
  /^(content-type|content-disposition|content-language|content-encoding|cache-control|expires|x-amz-meta-.+)$/

/** What is kept with an object out of the headers of a PUT or the fields of a form. */
export const keptOf = (headers: Headers): Record<string, string> => {
  const kept: Record<string, string> = {}
  let metadata = 0
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || !keptNames.test(name)) continue
    if (name.startsWith('x-amz-meta-')) metadata += name.length - 'x-amz-meta-'.length + value.length
    kept[name] = sendable(name, value)
  }
  if (metadata > 2048)
    throw new S3Error(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size')
  const encodings = kept['content-encoding']?.split(',').map((e) => e.trim())
  delete kept['content-encoding']
  const rest = encodings?.filter((e) => e !== '' && e !== 'aws-chunked').join(', ')
  return rest ? { ...kept, 'content-encoding': rest } : kept
}

/** Whether an ETag is among those of If-Match or If-None-Match. */
export const matches = (header: string, etag: string) =>
  header.split(',').some((one) => ['*', etag.replaceAll('"', '')].includes(one.trim().replace(/^W\/|"/g, '')))
