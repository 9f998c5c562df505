import type { Field } from './parts/ask-reason.tsx'
import type { Notice } from './shapes.ts'

const NOTICE_MAX = 200

/** What visitors are told, as fields of a form. @param notice what they are told already */
export const noticeFields = (notice: Notice | null = null): Field[] => [
  { name: 'en', label: 'Tell visitors, in English', optional: true, most: NOTICE_MAX, value: notice?.en },
  { name: 'zh-CN', label: 'Tell visitors, in Chinese', optional: true, most: NOTICE_MAX, value: notice?.['zh-CN'] }
]

type Typed = Readonly<Record<string, unknown>>

/** A body with the notice that was typed; null where none was. */
export function withNoticeOrNone({ en, 'zh-CN': chinese, ...rest }: Typed): Typed {
  const notice = { ...(en !== undefined && { en }), ...(chinese !== undefined && { 'zh-CN': chinese }) }
  return { ...rest, notice: Object.keys(notice).length > 0 ? notice : null }
}

/** The same; without a notice where none was typed, so that the one that stands stays. */
export function withNotice(typed: Typed): Typed {
  const { notice, ...rest } = withNoticeOrNone(typed)
  return notice === null ? rest : { ...rest, notice }
}
