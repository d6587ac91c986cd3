/** How a stream goes on after a break: the same request, but for what comes after the last event. */
import { Kind, parse, print, type ExecutionResult, type FieldNode } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';

/** The cursor of the event that a result of a subscription brings, if it was asked for. */
export function cursorIn({ data }: ExecutionResult): string | undefined {
  const [edge] = Object.values(data ?? {}) as ({ cursor?: unknown } | null)[];
  return typeof edge?.cursor === 'string' ? edge.cursor : undefined;
}

/** The request for what comes after a cursor; none when its one field is hidden in a fragment. */
export function resumedAt(cursor: string, params: SubscribePayload): SubscribePayload | undefined {
  const document = parse(params.query);
  const operation = document.definitions.find(
    (node) =>
      node.kind === Kind.OPERATION_DEFINITION && (!params.operationName || node.name?.value === params.operationName),
  );
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return undefined;
  const [field] = operation.selectionSet.selections;
  if (field?.kind !== Kind.FIELD) return undefined;
  const given = field.arguments?.find(({ name }) => name.value === 'after')?.value;
  if (given?.kind === Kind.VARIABLE) {
    return { ...params, variables: { ...params.variables, [given.name.value]: cursor } };
  }
  const after: FieldNode = {
    ...field,
    arguments: [
      ...(field.arguments ?? []).filter(({ name }) => name.value !== 'after'),
      {
        kind: Kind.ARGUMENT,
        name: { kind: Kind.NAME, value: 'after' },
        value: { kind: Kind.STRING, value: cursor },
      },
    ],
  };
  const resumed = { ...operation, selectionSet: { ...operation.selectionSet, selections: [after] } };
  const definitions = document.definitions.map((node) => (node === operation ? resumed : node));
  return { ...params, query: print({ ...document, definitions }) };
}
