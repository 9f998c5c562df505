import type { Language } from '../problems/language.ts'

const english = {
  preliminary: 'Preliminary',
  final: 'Final',
  version: (version: number) => `version ${version}`,
  preliminaryMeans:
    'Figures may still change: orders may be paid, cancelled or returned. A final report is stored once the campaign is settled, and never changes.',
  finalMeans: 'Stored, and never changed. What came later is in a later version.',
  made: (at: string) => `Made ${at}`,
  figure: 'Figure',
  value: 'Value',
  target: 'Target',
  reached: 'Reached',
  before: 'Before',
  other: (campaign: string) => `In ${campaign}`,
  approximate: 'approximate: gateways counted it, and their messages may be lost or come twice',
  notKnown: 'not known',
  nothing: 'Nothing was decided in this campaign yet.',
  more: (left: number) => `and ${left} more, in the CSV`,
  since: (version: number) => `What changed since version ${version}`,
  was: 'Was',
  is: 'Is',
  counted: 'Counted up to',
  countedMeans: 'Exact figures equal a recount of the exported journal up to these decisions (shard: epoch/sequence).'
}

const chinese: typeof english = {
  preliminary: '初步',
  final: '最终',
  version: (version) => `第 ${version} 版`,
  preliminaryMeans: '数据仍可能变化：订单可能被支付、取消或退货。活动结算后可保存最终报告，最终报告不再改变。',
  finalMeans: '已保存，不再改变。之后的变化见后续版本。',
  made: (at) => `生成于 ${at}`,
  figure: '指标',
  value: '数值',
  target: '目标',
  reached: '达成率',
  before: '活动前',
  other: (campaign) => `活动 ${campaign}`,
  approximate: '近似值：由网关统计，其消息可能丢失或重复',
  notKnown: '未知',
  nothing: '该活动尚无数据。',
  more: (left) => `另有 ${left} 项，见 CSV`,
  since: (version) => `与第 ${version} 版的差异`,
  was: '原值',
  is: '现值',
  counted: '统计截至',
  countedMeans: '精确数据与导出日志截至以下决定的重新统计一致（分片：纪元/序号）。'
}

/** The words of the page, by language. */
export const words: Readonly<Record<Language, typeof english>> = { en: english, 'zh-CN': chinese }
