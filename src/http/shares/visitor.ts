import type { FastifyRequest } from 'fastify'
import { addressOf } from '../running/address.ts'

/** Programs that make the preview of a link in a chat or a feed: nobody has seen the share yet. */
const PREVIEWS =
  /facebookexternalhit|facebot|twitterbot|slackbot|slack-imgproxy|telegrambot|whatsapp|discordbot|linkedinbot|skypeuripreview|pinterestbot|redditbot|embedly|vkshare|viber|line-poker|kakaotalk-scrap|weibo.*(?:preview|spider)|dingtalkbot|feishu.*preview|google-pagerenderer|applebot.*preview|iframely|mattermost/i

/** Other programs that say what they are. */
const BOTS = /bot\b|bot\/|crawl|spider|slurp|headlesschrome|phantomjs|lighthouse|pagespeed|monitor|scrapy/i

const ahead = (value: string | string[] | undefined) =>
  value !== undefined && /prefetch|prerender|preview/i.test(String(value))

/** Whether a browser asks before somebody looks, or wants the head alone. */
function isAhead({ method, headers }: FastifyRequest): boolean {
  return (
    method === 'HEAD' || [headers['sec-purpose'], headers.purpose, headers['x-purpose'], headers['x-moz']].some(ahead)
  )
}

/** Who looks at a page: `nobody` (it was fetched ahead), a program, or somebody by address and browser. */
type Looking = { readonly is: 'nobody' | 'program' } | { readonly is: 'somebody'; readonly by: string }

/** Who looks at a page without a token. The name must be stored as a digest only. */
export function lookingAt(request: FastifyRequest): Looking {
  const agent = request.headers['user-agent'] ?? ''
  if (isAhead(request) || PREVIEWS.test(agent)) return { is: 'nobody' }
  if (BOTS.test(agent)) return { is: 'program' }
  return { is: 'somebody', by: `${addressOf(request.ip)} ${agent.slice(0, 500)}` }
}
