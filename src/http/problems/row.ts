/** The texts of a problem in one language; `{member}` stands for a member of the problem. */
export interface ProblemText {
  readonly title: string
  readonly detail: string
  /** replaces `detail` if a member that `detail` names is missing or null */
  readonly without?: string
}

/** One code: its HTTP status, the members it may have, and its texts. */
export interface ProblemRow {
  readonly status: number
  readonly members: readonly string[]
  readonly en: ProblemText
  readonly 'zh-CN': ProblemText
}
