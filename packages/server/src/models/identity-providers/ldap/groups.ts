import type { Client, Entry, Filter } from 'ldapts';

/** Settings of the search for a user's groups. */
export interface GroupSettings {
  userMemberAttribute: string;
  groupSearchBase: string;
  groupMemberAttribute: string;
}

/** Most groups that a directory is asked for; fewer are used. */
const MAX_FOUND = 1000;

/**
 * Returns the values of an attribute, whose name is compared without case (RFC 4512 section 2.5).
 */
export function valuesOf(entry: Entry, attribute: string): string[] {
  const wanted = attribute.toLowerCase();
  const [, value = []] =
    Object.entries(entry).find(([name]) => name !== 'dn' && name.toLowerCase() === wanted) ?? [];
  return (Array.isArray(value) ? value : [value]).map(String).filter((text) => text !== '');
}

/**
 * Returns the value of a distinguished name's first part (RFC 4514): `cn=Team\, A,ou=groups` gives
 * `Team, A`.
 */
export function firstValue(dn: string): string | undefined {
  const escaped = /^\s*[A-Za-z][\w.-]*\s*=\s*((?:\\.|[^\\,+;])*)/.exec(dn)?.[1];
  if (escaped === undefined) {
    return undefined;
  }

  const bytes = escaped
    .trimEnd()
    .replace(/(?:\\[0-9A-Fa-f]{2})+/g, (run) =>
      Buffer.from(run.replaceAll('\\', ''), 'hex').toString(),
    );

  return bytes.replace(/\\(.)/g, '$1') || undefined;
}

function normal(dn: string): string {
  return dn.toLowerCase().replace(/\s*([,=])\s*/g, '$1');
}

/**
 * Returns the common names of a user's groups: those that the user's entry names, and those that
 * name the entry (or, if members are `memberUid`, the log-in name). With a search base, groups
 * outside of it do not count.
 */
export async function groupsOf(
  client: Client,
  settings: GroupSettings & { filter: Filter | undefined },
  entry: Entry,
  login: string,
): Promise<string[]> {
  const { AndFilter, EqualityFilter } = await import('ldapts');
  const { userMemberAttribute, groupSearchBase, groupMemberAttribute, filter } = settings;
  const names: string[] = [];

  if (userMemberAttribute !== '') {
    for (const dn of valuesOf(entry, userMemberAttribute)) {
      const name = firstValue(dn);
      const inside = groupSearchBase === '' || normal(dn).endsWith(`,${normal(groupSearchBase)}`);
      if (name !== undefined && inside) {
        names.push(name);
      }
    }
  }

  if (groupSearchBase !== '' && groupMemberAttribute !== '') {
    const value = groupMemberAttribute.toLowerCase() === 'memberuid' ? login : entry.dn;
    const isMember = new EqualityFilter({ attribute: groupMemberAttribute, value });

    const { searchEntries } = await client.search(groupSearchBase, {
      scope: 'sub',
      filter: filter ? new AndFilter({ filters: [isMember, filter] }) : isMember,
      sizeLimit: MAX_FOUND,
      attributes: ['cn'],
    });

    for (const group of searchEntries) {
      names.push(...valuesOf(group, 'cn').slice(0, 1));
    }
  }

  return names;
}
