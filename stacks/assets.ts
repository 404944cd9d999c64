/** The portal's container behind CloudFront: its files, named by what is in them, are kept near those who read them. */
export const makePortalCdn = (domain: string) =>
  new sst.aws.Router('PortalCdn', { domain: `ops.${domain}` }).route('/', `https://portal.${domain}`)

/** Where browsers read pictures of people: CloudFront before the bucket, and of the bucket nothing else. */
export const makeAssets = (bucket: sst.aws.Bucket, domain: string) => {
  const router = new sst.aws.Router('Assets', { domain: `assets.${domain}` })
  router.routeBucket('/avatars', bucket)
  return router
}
