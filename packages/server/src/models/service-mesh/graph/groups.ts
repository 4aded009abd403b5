import { hashOf, type NodeData } from './answer.ts';
import { isKnown } from './node-id.ts';
import type { GraphOptions } from './options.ts';

/** Whether nodes of this kind are put into groups. */
function isGrouped({ nodeType }: NodeData, { groupBy, graphType }: GraphOptions): boolean {
  if (groupBy === 'app') {
    return graphType !== 'service';
  }

  return groupBy === 'version' && graphType === 'versionedApp' && nodeType === 'app';
}

/**
 * Returns a node for each app of which there are several nodes, and makes it the parent of those.
 * What one of them is marked with, the group is too.
 */
export function groupsOf(nodes: readonly NodeData[], options: GraphOptions): NodeData[] {
  const members = new Map<string, NodeData[]>();

  for (const node of nodes) {
    if (isKnown(node.app ?? '') && isGrouped(node, options)) {
      const key = `box_${node.namespace}_${node.app}`;
      const known = members.get(key);

      if (known) {
        known.push(node);
      } else {
        members.set(key, [node]);
      }
    }
  }

  return [...members].flatMap(([key, [first, ...others]]) => {
    if (!first || others.length === 0) {
      return [];
    }

    const id = hashOf(key);
    const all = [first, ...others];
    for (const node of all) {
      node.parent = id;
    }

    const group: NodeData = {
      id,
      nodeType: 'app',
      namespace: first.namespace,
      ...(first.app !== undefined && { app: first.app }),
      isGroup: options.groupBy,
    };

    for (const mark of ['hasMissingSC', 'isInaccessible', 'isOutside'] as const) {
      if (all.some((node) => node[mark])) {
        group[mark] = true;
      }
    }

    return [group];
  });
}
