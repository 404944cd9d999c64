import { backupDays, guard, type Stage } from './stage.ts'

/** Operations on objects, by browsers with presigned addresses and by the services. */
const actions = [
  's3:GetObject',
  's3:PutObject',
  's3:DeleteObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
]

/** The stage's files. This account's CloudFront reads what lies under avatars/, and nothing else; all else is presigned. */
export const makeBucket = (stage: Stage, origins: $util.Input<string>[]) => {
  const { accountId } = aws.getCallerIdentityOutput({})
  const bucket = new sst.aws.Bucket('Files', {
    // SST's own `access` would let distributions of any account read all of it.
    policy: [
      {
        principals: [{ type: 'service', identifiers: ['cloudfront.amazonaws.com'] }],
        actions: ['s3:GetObject'],
        paths: ['avatars/*'],
        conditions: [
          {
            test: 'ArnLike',
            variable: 'AWS:SourceArn',
            values: [$interpolate`arn:aws:cloudfront::${accountId}:distribution/*`],
          },
        ],
      },
    ],
    versioning: stage.kept,
    cors: {
      allowOrigins: origins,
      allowMethods: ['GET', 'HEAD', 'PUT', 'POST'],
      allowHeaders: ['*'],
      exposeHeaders: ['ETag', 'Content-Length', 'Content-Range', 'Accept-Ranges'],
      maxAge: '1 hour',
    },
    transform: {
      bucket: (args, options) => {
        args.forceDestroy = !stage.kept
        Object.assign(options, guard(stage))
      },
    },
  })
  // Files themselves are deleted by storage, which counts them; only parts of uploads that nobody finished are nobody's.
  new aws.s3.BucketLifecycleConfiguration('FilesLifecycle', {
    bucket: bucket.name,
    rules: [
      {
        id: 'abandoned-uploads',
        status: 'Enabled',
        filter: { prefix: '' },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 2 },
      },
      // For as long as a database can be brought back in which the file is still there.
      ...(stage.kept
        ? [
            {
              id: 'deleted',
              status: 'Enabled',
              filter: { prefix: '' },
              noncurrentVersionExpiration: { noncurrentDays: backupDays + 1 },
              expiration: { expiredObjectDeleteMarker: true },
            },
          ]
        : []),
    ],
  })
  return bucket
}

/** What a service that uses S3 may do, on this bucket alone. */
export const onFiles = (bucket: sst.aws.Bucket) => [
  { actions, resources: [$interpolate`${bucket.arn}/*`] },
  { actions: ['s3:ListBucket', 's3:ListBucketMultipartUploads'], resources: [bucket.arn] },
]

/** ops only asks whether the bucket is there. */
export const onBucketAlone = (bucket: sst.aws.Bucket) => [{ actions: ['s3:ListBucket'], resources: [bucket.arn] }]
