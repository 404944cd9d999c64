import { images } from '@wealist/contract/topology'
import { guard, type Stage } from './stage.ts'

/** A repository an image, in dev's hands: prod runs what dev ran. A tag, once pushed, means one image for ever. */
export const makeRegistry = (stage: Stage) => {
  for (const image of images) {
    const repository = new aws.ecr.Repository(
      `Image-${image}`,
      {
        name: `wealist-${image}`,
        imageTagMutability: 'IMMUTABLE',
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: 'AES256' }],
      },
      guard(stage),
    )
    new aws.ecr.LifecyclePolicy(`Image-${image}-Lifecycle`, {
      repository: repository.name,
      policy: JSON.stringify({
        rules: [
          {
            rulePriority: 1,
            description: 'a year of releases, and more than that of busy ones',
            selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 500 },
            action: { type: 'expire' },
          },
        ],
      }),
    })
  }
}
