/** The fields of a window of its own, which most kinds have. */
export const window = {
  opensAt: 'when it opens, inside the campaign; the opening of the campaign where absent',
  closesAt: 'when it closes; the close of the campaign where absent'
}

/** What the fields of some kinds mean; definition-words.ts has the others. */
export const kindWords = {
  discussion: {
    ...window,
    subjects:
      '`share`: what a user shared in the campaign, `item`: an activity of it, `topic`: one of `topics`. Comments can always be liked and answered',
    topics: 'what is talked about beside activities; see [topics](#topics)',
    moderation:
      '`after`, the usual: a comment shows at once, and can be hidden; `before`: it waits until a service or an operator lets it show',
    maxLength: 'how many characters a comment may have; 500 where absent',
    perDay: 'how many comments one user may write on one local day',
    reward: 'what the first comment of a local day gives its author, also while it waits; hiding takes nothing back'
  },
  topics: {
    id: 'its name in requests and events; unique in its discussion',
    title: 'what pages show'
  }
} satisfies Readonly<Record<string, Readonly<Record<string, string>>>>
