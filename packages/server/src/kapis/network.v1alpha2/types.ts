import { Type } from 'typebox';

const Field = Type.Object({
  id: Type.String(),
  label: Type.String(),
  value: Type.String(),
  priority: Type.Optional(Type.Number()),
});

const Connections = Type.Object({
  id: Type.String(),
  topologyId: Type.String(),
  label: Type.String(),
  connections: Type.Array(
    Type.Object({
      id: Type.String(),
      nodeId: Type.String(),
      label: Type.String(),
      labelMinor: Type.Optional(Type.String()),
    }),
  ),
});

const summary = {
  id: Type.String({ description: 'id of the node' }),
  label: Type.String({ description: 'name that is shown' }),
  labelMinor: Type.Optional(Type.String({ description: 'what is told below the name' })),
  rank: Type.Optional(Type.String()),
  shape: Type.Optional(Type.String()),
  stack: Type.Optional(Type.Boolean({ description: 'the node stands for several' })),
  metadata: Type.Optional(Type.Array(Field)),
  adjacency: Type.Optional(
    Type.Array(Type.String(), { description: 'ids of the nodes to which this one leads' }),
  ),
};

const NodeSummarySchema = Type.Object(summary);

/** Schema of all nodes of a namespace. */
export const TopologySchema = Type.Object({
  nodes: Type.Record(Type.String(), NodeSummarySchema, { description: 'nodes by their ids' }),
});

/** Schema of one node. */
export const NodeSchema = Type.Object({
  node: Type.Object({
    ...summary,
    children: Type.Optional(
      Type.Array(
        Type.Object({
          id: Type.String(),
          label: Type.String(),
          topologyId: Type.String(),
          nodes: Type.Array(NodeSummarySchema),
        }),
      ),
    ),
    connections: Type.Optional(Type.Array(Connections)),
  }),
});
