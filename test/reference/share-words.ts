/** What the fields of shares and assists mean. @param window those that say when an activity is open */
export const shareWords = <Window extends object>(window: Window) => ({
  share: {
    ...window,
    link: 'where a link leads: `{share}` stands for the id of the share. No links where absent',
    subjects:
      'what can be shared: an activity as goods, the campaign, an experience with either, a game as a result. All of them where absent',
    verifiedBy:
      'what shows that a share is genuine: a visit of somebody else who is signed in, or the report of a service. A report counts for both',
    attributionHours: 'how long after a visit an order or a registration still counts for the share; 72 where absent',
    channels: 'where users share, and what a verified share gives there: see [channel](#channel)'
  },
  channel: {
    reward: 'what a verified share gives its user, see [reward](#reward); nothing where absent',
    perDay:
      'how many shares a user is rewarded for in a local day, by the day on which they were verified; those beyond it are made and verified all the same. No limit where absent'
  },
  assist: {
    ...window,
    thresholds: 'what the user of a share gets when so many have helped it: see [threshold](#threshold)',
    helperPerDay: 'how many shares one user helps in a local day; no limit where absent',
    newUsers:
      'whether only users help who registered in the campaign, by their token or the report of a service; `false` where absent',
    withinHours:
      'how long a share can be helped from the moment when it was made; until the close where absent, and never longer',
    helper: 'what the helper gets for each assist, as `{"reward": ...}`'
  },
  threshold: {
    count: 'how many assists of one share reach it',
    reward: 'what it gives, see [reward](#reward); once to each user, whichever share reaches it'
  }
})
