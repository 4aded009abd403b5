import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { MemberClusters } from '../member-clusters.ts';
import type { ClusterSelection } from './cluster-selection.ts';

/** A cluster that a query asks for. */
export interface ChosenCluster {
  name: string;
  kind: 'host' | 'member' | 'missing';
}

/**
 * Returns the clusters that a query asks for, in the order of their names: with those that it names
 * and that are not there, and without those that its filters leave out.
 */
export async function chosenClusters(
  members: Pick<MemberClusters, 'find' | 'names'>,
  { names, matches, accepts }: ClusterSelection,
): Promise<ChosenCluster[]> {
  const isMeant = ({ name, labels }: Pick<Entry, 'name' | 'labels'>) =>
    accepts(name) && (!matches || matches(labels));
  const wanted = names ? names.filter(accepts) : members.names(isMeant);

  const found = await Promise.all(
    wanted.map(async (name): Promise<ChosenCluster> => {
      const member = await members.find(name);
      if (!member) {
        return { name, kind: 'missing' };
      }

      return { name, kind: member.state === 'host' ? 'host' : 'member' };
    }),
  );

  // A second Cluster with the label of the host would show everything twice.
  const host = found.find(({ kind }) => kind === 'host');

  return found.filter((cluster) => cluster.kind !== 'host' || cluster === host);
}
