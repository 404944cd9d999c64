/** Where browsers read pictures of people: CloudFront before the bucket, and of the bucket nothing else. */
export const makeAssets = (bucket: sst.aws.Bucket, domain: string) => {
  const router = new sst.aws.Router('Assets', { domain: `assets.${domain}` })
  router.routeBucket('/avatars', bucket)
  return router
}
