/** HEAD, which is answered wherever GET is, with the same headers and without a body. */

interface Described extends Readonly<Record<string, unknown>> {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, object>>;
}

/** The same paths, each with what HEAD asks where there is what GET asks. */
export function withHeads(
  paths: Readonly<Record<string, object>>,
): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => {
      const { get } = item as { readonly get?: Described };
      return [path, get === undefined ? item : { ...item, head: headOf(get) }];
    }),
  );
}

function headOf({ operationId, responses, ...others }: Described): Described {
  const { default: _problem, ...told } = responses;
  const headers = Object.entries(told).map(([status, response]) => {
    const { content: _content, ...rest } = response as { readonly content?: object };
    return [status, rest] as const;
  });
  return {
    ...others,
    operationId: `head${operationId.slice(0, 1).toUpperCase()}${operationId.slice(1)}`,
    responses: {
      ...Object.fromEntries(headers),
      default: { description: 'It failed; GET tells why.' },
    },
  };
}
