/** Activities of a campaign whose users share, and help one another to the right `vip`. */
export const sharingAndHelp = (campaign: string, shop: string) => [
  {
    id: 'sharing',
    kind: 'share',
    title: { en: 'Share', 'zh-CN': '分享' },
    sort: 4,
    link: `${shop}#/c/${campaign}/share/{share}`,
    verifiedBy: 'visit',
    channels: { wechat: { reward: { points: 5 }, perDay: 3 }, community: { reward: { points: 2 }, perDay: 1 } }
  },
  {
    id: 'help',
    kind: 'assist',
    title: { en: 'Help a friend', 'zh-CN': '好友助力' },
    sort: 5,
    helperPerDay: 5,
    helper: { reward: { points: 2 } },
    thresholds: [
      { count: 2, reward: { points: 20 } },
      { count: 3, reward: { entitlement: 'vip' } }
    ]
  }
]
