import { describe, expect, test } from 'vitest'
import { type Asked, decider } from './iam.ts'
import { namedAsInAws, toMake } from './preview-parts.ts'
import { ofType } from './resources.ts'
import { rightsOf } from './rights.ts'
import type { Simulated } from './simulate.ts'

const iam = (what: string) => `arn:aws:iam::000000000000:${what}`
const boundary = iam('policy/wealist-preview-boundary')
const within = { 'iam:PermissionsBoundary': boundary }
const regional = (service: string, what: string) => `arn:aws:${service}:ap-northeast-2:000000000000:${what}`
const ofProd = { 'aws:ResourceTag/sst:stage': 'prod' }
const role = iam('role/wealist-pr-7-BoardRole-abcdefgh')

/** What the workflow of previews may do in the account, and what it may not. */
export const testPreviewRights = (simulated: () => { pr: Simulated; dev: Simulated }) => {
  const named = (name: string) => simulated().dev.resources.find((r) => r.name === name)!.inputs
  const workflow = (...more: string[]) =>
    decider([...more, ...(named('PreviewRole')['inlinePolicies'] as { policy: string }[]).map((p) => p.policy)])
  const held = () => decider([named('PreviewBoundary')['policy'] as string])
  const refused = (may: (asked: Asked) => boolean, asked: Asked[]) =>
    expect(asked.filter((one) => may(one)).map(({ action, on }) => `${action} ${on}`)).toEqual([])

  describe('what the workflow of previews may do', () => {
    test('it can make each thing that a preview is made of, and read what a preview finds', () => {
      const { resources } = simulated().pr
      const may = workflow()
      const things = resources.filter(({ type }) => type.startsWith('aws:'))
      expect(things.length).toBeGreaterThan(150)
      const asked = things.map((thing) => toMake(thing, namedAsInAws(resources), boundary))
      expect(asked.filter((one) => !may(one))).toEqual([])
      const state = 'arn:aws:s3:::sst-state-abc'
      for (const [action, on] of [
        ['secretsmanager:GetSecretValue', regional('secretsmanager', 'secret:wealist/dev/data-AbCdEf')],
        // What names no secret of its own is asked of all: the sweep lists them.
        ['secretsmanager:ListSecrets', '*'],
        ['ssm:GetParameter', regional('ssm', 'parameter/wealist/dev/network')],
        ['ssm:GetParameter', regional('ssm', 'parameter/sst/bootstrap')],
        ['ssm:PutParameter', regional('ssm', 'parameter/sst/passphrase/wealist/pr-7')],
        ['s3:ListBucket', state],
        ['s3:PutObject', `${state}/app/wealist/pr-7.json`],
        ['s3:PutObject', `${state}/update/wealist/pr-7/0123.json`],
        ['s3:GetObject', `${state}/secret/wealist/_fallback.json`],
        ['apigateway:GET', 'arn:aws:apigateway:ap-northeast-2::/account'],
      ] as const)
        expect([action, on, may({ action, on })]).toEqual([action, on, true])
    })
    test('it gives nobody more than the boundary, which it can neither lift, widen nor leave out', () => {
      const may = workflow()
      const changes = ['Create', 'Attach', 'Detach', 'Put', 'Delete'].map((verb) =>
        verb === 'Create' ? 'iam:CreateRole' : `iam:${verb}RolePolicy`,
      )
      for (const action of [...changes, 'iam:PutRolePermissionsBoundary']) {
        expect([action, may({ action, on: role, knowing: within })]).toEqual([action, true])
        const other = { 'iam:PermissionsBoundary': iam('policy/AdministratorAccess') }
        refused(may, [
          { action, on: role },
          { action, on: role, knowing: other },
          { action, on: iam('role/wealist-prod-x'), knowing: within },
          { action, on: iam('role/PreviewRole-1234567'), knowing: within },
        ])
      }
      refused(may, [
        { action: 'iam:DeleteRolePermissionsBoundary', on: role, knowing: within },
        { action: 'iam:CreatePolicyVersion', on: boundary },
        { action: 'iam:SetDefaultPolicyVersion', on: boundary },
        { action: 'iam:DeletePolicy', on: boundary },
        { action: 'iam:CreatePolicy', on: iam('policy/wealist-pr-7') },
        { action: 'iam:CreateUser', on: iam('user/wealist-pr-7') },
        { action: 'sts:AssumeRole', on: iam('role/Admin') },
        { action: 'iam:PassRole', on: iam('role/Admin'), knowing: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
        { action: 'iam:PassRole', on: role, knowing: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
        { action: 'lambda:UpdateFunctionCode', on: regional('lambda', 'function:of-somebody-else') },
      ])
    })
    test('it reaches no state, passphrase, secret or file of prod, whatever else the role is given one day', () => {
      const everything = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: ['*'], Resource: ['*'] }] })
      const state = ['app', 'secret', 'lock', 'history'].flatMap((key) =>
        ['prod.json', 'prod/0123.json', 'dev.json'].map((file) => `arn:aws:s3:::sst-state-abc/${key}/wealist/${file}`),
      )
      for (const may of [workflow(), workflow(everything)])
        refused(may, [
          ...state.flatMap((on) =>
            ['GetObject', 'GetObjectVersion', 'PutObject', 'DeleteObject'].map((verb) => ({
              action: `s3:${verb}`,
              on,
            })),
          ),
          { action: 's3:GetObject', on: 'arn:aws:s3:::wealist-prod-filesbucket-abcdefgh/avatars/a.png' },
          { action: 'ssm:GetParameter', on: regional('ssm', 'parameter/sst/passphrase/wealist/prod') },
          {
            action: 'secretsmanager:GetSecretValue',
            on: regional('secretsmanager', 'secret:wealist/prod/data-AbCdEf'),
          },
          { action: 'rds:ModifyDBInstance', on: regional('rds', 'db:wealist-prod') },
          { action: 'eks:UpdateClusterConfig', on: regional('eks', 'cluster/wealist-prod') },
          { action: 'ecr:PutImage', on: regional('ecr', 'repository/wealist-board') },
          { action: 'iam:CreatePolicyVersion', on: boundary },
          { action: 'kms:ScheduleKeyDeletion', on: regional('kms', 'key/1'), knowing: ofProd },
          {
            action: 'cloudfront:UpdateDistribution',
            on: 'arn:aws:cloudfront::000000000000:distribution/E1',
            knowing: ofProd,
          },
          {
            action: 'cloudfront:UpdateFunction',
            on: 'arn:aws:cloudfront::000000000000:function/wealist-prod-Assets-x',
          },
          { action: 'acm:DeleteCertificate', on: regional('acm', 'certificate/1'), knowing: ofProd },
        ])
    })
    test('it has no rights on servers, nodes, keys, logs and names that no preview has', () => {
      const record = (name: string): Asked => ({
        action: 'route53:ChangeResourceRecordSets',
        on: 'arn:aws:route53:::hostedzone/Z1',
        knowing: { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['pr-7.wealist.example', name] },
      })
      refused(workflow(), [
        { action: 's3:GetObject', on: 'arn:aws:s3:::sst-state-abc/app/wealist/minho.json' },
        { action: 's3:PutBucketPolicy', on: 'arn:aws:s3:::sst-state-abc' },
        { action: 'ssm:PutParameter', on: regional('ssm', 'parameter/sst/bootstrap') },
        { action: 'ec2:TerminateInstances', on: regional('ec2', 'instance/i-1') },
        { action: 'kms:ScheduleKeyDeletion', on: regional('kms', 'key/1') },
        { action: 'logs:DeleteLogGroup', on: regional('logs', 'log-group:/aws/eks/wealist-prod/cluster') },
        { action: 'apigateway:PATCH', on: 'arn:aws:apigateway:ap-northeast-2::/account' },
        ...['app.wealist.example', 'ops.app.wealist.example', 'wealist.example', '_a.app.wealist.example'].map(record),
      ])
    })
  })

  describe('what a preview can do', () => {
    test('each of its roles is held within the boundary, and none that people deploy by hand', () => {
      const { pr, dev } = simulated()
      const roles = ofType(pr.resources, 'aws:iam/role:Role')
      expect(roles.length).toBeGreaterThan(15)
      for (const { name, inputs } of roles) expect([name, inputs['permissionsBoundary']]).toEqual([name, boundary])
      for (const { name, inputs } of ofType(dev.resources, 'aws:iam/role:Role'))
        expect([name, inputs['permissionsBoundary']]).toEqual([name, undefined])
    })
    test('all that its functions and schedules are given lies within the boundary', () => {
      const { resources } = simulated().pr
      const may = held()
      const named = namedAsInAws(resources)
      const asked = ofType(resources, 'aws:iam/role:Role').flatMap(({ name }) =>
        rightsOf(resources, name.replace(/Role$/, '')).flatMap(({ actions, resources: on }) =>
          actions.flatMap((action) => on.map((one) => ({ action, on: named(one) }))),
        ),
      )
      expect(asked.length).toBeGreaterThan(80)
      expect(asked.filter((one) => !may(one))).toEqual([])
      const group = regional('logs', 'log-group:/aws/lambda/wealist-pr-7-BoardFunction-abcdefgh:log-stream:1')
      expect(may({ action: 'logs:PutLogEvents', on: group })).toBe(true)
      expect(may({ action: 'ec2:CreateNetworkInterface', on: regional('ec2', 'subnet/subnet-1') })).toBe(true)
    })
    test('the boundary reaches neither IAM nor prod', () => {
      refused(held(), [
        { action: 'iam:PutRolePolicy', on: role, knowing: within },
        { action: 'sts:AssumeRole', on: iam('role/Admin') },
        { action: 'secretsmanager:GetSecretValue', on: regional('secretsmanager', 'secret:wealist/prod/data-AbCdEf') },
        { action: 's3:GetObject', on: 'arn:aws:s3:::wealist-prod-filesbucket-abcdefgh/a' },
        { action: 's3:GetObject', on: 'arn:aws:s3:::sst-state-abc/app/wealist/pr-7.json' },
        { action: 'ssm:GetParameter', on: regional('ssm', 'parameter/sst/passphrase/wealist/prod') },
        {
          action: 'ec2:UnassignPrivateIpAddresses',
          on: regional('ec2', 'network-interface/eni-1'),
          knowing: { 'ec2:Vpc': regional('ec2', 'vpc/of-prod') },
        },
      ])
    })
  })
}
