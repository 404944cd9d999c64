// What browsers obey to reorder text is no part of a name on disk: `exe.gpj` must not read as `jpg.exe`.
const reordering = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const percent = (c: string) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`

/**
 * `Content-Disposition` that saves a file under a name somebody typed (RFC 6266): an ASCII `filename` for old clients, and
 * `filename*` with every character. Path separators, control characters and marks that turn text around are replaced.
 */
export const disposition = (name: string) => {
  const safe = name
    .toWellFormed()
    .replace(reordering, '')
    .replace(/[\p{Cc}/\\]/gu, '_')
    .replace(/^\.*$/, '_')
  const ascii = safe.replace(/[^\x20-\x7e]|["%;]/gu, '_')
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(safe).replace(/['()*]/g, percent)}`
}

const shownAsTheyAre = /^(image\/(png|jpeg|gif|webp|avif)|(audio|video)\/[\w.+-]+|text\/plain|application\/(pdf|zip))$/

/** The type a file is sent with: what a browser could run as a page (HTML, SVG, XML, scripts) is bytes and nothing else. */
export const harmless = (contentType: string) =>
  shownAsTheyAre.test(contentType) ? contentType : 'application/octet-stream'
