/** One option of a command: `--add-stock` is the member `addStock` of the body, or of the query where there is no body. */
export interface CommandOption {
  /** as the command line shows it */
  readonly flags: string
  readonly says: string
  /** how its text is read; as it stands where absent */
  readonly as?: 'json'
}

/**
 * A command for one action of the admin API. What its arguments name stands in the route in braces, or is a member of the
 * body; `[...]` of a route goes with an argument that may be left out.
 */
export interface AdminCommand {
  readonly group: string
  readonly name: string
  readonly says: string
  readonly args: string
  /** method and path below /admin/v1 */
  readonly route: string
  readonly options?: readonly CommandOption[]
  /** members of the body that the command itself says */
  readonly fixed?: Readonly<Record<string, string>>
  /** what `<file>` holds: a definition, whose id names the campaign, another JSON document, or lines that are sent as they are */
  readonly file?: 'definition' | 'document' | 'lines'
  /** what `--all` in place of the argument does: the same to every campaign that is open */
  readonly all?: string
  /** a second person's work: without --as it is the second operator of the local stack */
  readonly isReview?: true
}

export const text = (flags: string, says: string): CommandOption => ({ flags, says })
export const value = (flags: string, says: string): CommandOption => ({ flags, says, as: 'json' })

export const page = [text('--limit <n>', '1 to 100 (20)'), text('--cursor <text>', 'nextCursor of the page before')]
export const inCampaign = text('--campaign <id>', 'the campaign')

export const of = (group: string, rows: ReadonlyArray<Omit<AdminCommand, 'group'>>): AdminCommand[] =>
  rows.map((row) => ({ group, ...row }))
