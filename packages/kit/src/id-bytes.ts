/** The 16 bytes of a UUID. */
export const bytesOfId = (id: string) => Buffer.from(id.replaceAll('-', ''), 'hex')

/** The UUID of 16 bytes, whatever they are. */
export const idOfBytes = (bytes: Buffer) =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
