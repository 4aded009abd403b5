// Lists and gets: selectors, pages, versions, tables, metadata only.

const labelled = (name, labels, data = {}) => ({ metadata: { name, labels }, data });

async function maps(api) {
  for (const [name, tier] of [
    ['a', 'web'],
    ['b', 'web'],
    ['c', 'db'],
    ['d', undefined],
  ]) {
    await api.quietly('POST', `${api.core}/configmaps`, {
      body: labelled(name, { set: 'yes', ...(tier && { tier }) }, { k: name }),
    });
  }
}

export default [
  {
    name: 'label selectors',
    run: async (api) => {
      await maps(api);
      for (const selector of [
        'tier=web',
        'tier==db',
        'tier!=web',
        'tier in (web,db)',
        'tier notin (db)',
        'tier',
        '!tier',
        'tier in (web),set',
        'set=yes,tier!=db',
        'tier=',
        'a=b=c',
        'tier in web',
        'x y',
        '-a=b',
        'tier in ()',
        'tier>1',
        'tier in (web',
        'a.b/c/d=e',
        ',',
        'set=yes,',
      ]) {
        await api.get(`${api.core}/configmaps?labelSelector=${encodeURIComponent(selector)}`);
      }
    },
  },
];
