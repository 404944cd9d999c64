import { ofType, type Resource } from './resources.ts'

/**
 * Which function API Gateway gives a request to, by its own rules: the exact route, else the one with the longest path
 * before `{proxy+}`, which stands for one segment or more. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export const openApi = (resources: Resource[]) => {
  const integrations = new Map(
    ofType(resources, 'aws:apigatewayv2/integration:Integration').map(({ name, inputs }) => [
      `integrations/${name}-id`,
      (inputs['integrationUri'] as string).split(':').at(-1)!,
    ]),
  )
  const routes = ofType(resources, 'aws:apigatewayv2/route:Route')
    .filter(({ inputs }) => inputs['apiId'] === 'ApiApi-id')
    .map(({ inputs }) => {
      const [method, path] = (inputs['routeKey'] as string).split(' ') as [string, string]
      return { method, path, fn: integrations.get(inputs['target'] as string) }
    })
  return (method: string, path: string) => {
    const may = routes.filter((r) => r.method === 'ANY' || r.method === method)
    const exact = may.find((r) => r.path === path)
    if (exact) return exact.fn
    const greedy = may
      .filter((r) => r.path.endsWith('/{proxy+}'))
      .filter((r) => path.startsWith(r.path.slice(0, -'{proxy+}'.length)) && path.length > r.path.length - 8)
    return greedy.toSorted((a, b) => b.path.length - a.path.length)[0]?.fn
  }
}
