export interface Statement {
  actions: string[]
  resources: $util.Input<string>[]
  conditions?: { test: string; variable: string; values: string[] }[]
}

export const trusting = (service: string) => aws.iam.assumeRolePolicyForPrincipal({ Service: service })
export const managed = (name: string) => `arn:aws:iam::aws:policy/${name}`

/** Whoever runs in a pod gets its rights by EKS Pod Identity: no keys, no annotations, the pair of namespace and account. */
export const podRole = (name: string, statements: Statement[], policies: string[] = []) =>
  new aws.iam.Role(name, {
    assumeRolePolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'pods.eks.amazonaws.com' },
          Action: ['sts:AssumeRole', 'sts:TagSession'],
        },
      ],
    }),
    managedPolicyArns: policies.map(managed),
    inlinePolicies:
      statements.length > 0 ? [{ name: 'own', policy: aws.iam.getPolicyDocumentOutput({ statements }).json }] : [],
  })

/** That account of the cluster is this role. */
export const associate = (
  cluster: aws.eks.Cluster,
  name: string,
  { role, ...account }: { namespace: string; serviceAccount: string; role: aws.iam.Role },
) => new aws.eks.PodIdentityAssociation(`${name}Identity`, { clusterName: cluster.name, ...account, roleArn: role.arn })
