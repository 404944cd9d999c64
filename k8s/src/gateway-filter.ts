/** Headers that only we set, and that nobody outside may: they go before anything reads them. */
export const ours = ['x-jwt-payload', 'x-internal-api-key', 'x-wealist-caller']

const refusal = (status: number, code: string, message: string, when: number) => ({
  filter: {
    status_code_filter: { comparison: { op: 'EQ', value: { default_value: when, runtime_key: `none_${when}` } } },
  },
  status_code: status,
  body_format_override: {
    json_format: { error: { code, message, requestId: '%REQ(X-REQUEST-ID)%' } },
    content_type: 'application/json',
  },
  headers_to_add: [
    // The refusal holds nothing; without this a page could not read that it is one.
    {
      header: { key: 'access-control-allow-origin', value: '%REQ(ORIGIN)%' },
      append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
    },
    { header: { key: 'vary', value: 'origin' }, append_action: 'APPEND_IF_EXISTS_OR_ADD' },
  ],
})

/**
 * What the gateway's HTTP connection manager does before routes, tokens and policies: one meaning a path, no header of ours
 * from outside (a VirtualService would take the genuine one, set after its turn), and refusals in the contract's words.
 */
export const early = [
  {
    applyTo: 'NETWORK_FILTER' as const,
    match: {
      context: 'GATEWAY' as const,
      listener: { filterChain: { filter: { name: 'envoy.filters.network.http_connection_manager' } } },
    },
    patch: {
      operation: 'MERGE' as const,
      value: {
        typed_config: {
          '@type':
            'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
          normalize_path: true,
          merge_slashes: true,
          path_with_escaped_slashes_action: 'REJECT_REQUEST',
          common_http_protocol_options: { headers_with_underscores_action: 'REJECT_REQUEST' },
          early_header_mutation_extensions: [
            {
              name: 'envoy.http.early_header_mutation.header_mutation',
              typed_config: {
                '@type':
                  'type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation',
                mutations: ours.map((remove) => ({ remove })),
              },
            },
          ],
          local_reply_config: {
            mappers: [
              refusal(401, 'UNAUTHORIZED', 'The token is not valid. Refresh it or sign in again.', 401),
              refusal(401, 'UNAUTHORIZED', 'Sign in first.', 403),
            ],
          },
        },
      },
    },
  },
]
