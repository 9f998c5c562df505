import { visiblePattern } from '../../base/shapes.ts'
/** The name of a header without case, blanks and punctuation, for the comparison with `aliases` of a column. */
export function bareName(text: string): string {
  return text.toLowerCase().replace(/[\s_.\-"'#:()]+/g, '')
}

/** Headers that tools for codes write above their column. A header that is mistaken for a code would be given to a user. */
export const codeHeaders: ReadonlySet<string> = new Set([
  ...['code', 'codes', 'voucher', 'vouchercode', 'vouchers', 'coupon', 'couponcode', 'coupons', 'promo', 'promocode'],
  ...[
    'promotioncode',
    'discountcode',
    'discount',
    'giftcode',
    'giftcard',
    'giftcardcode',
    'giftcardnumber',
    'cardcode'
  ],
  ...[
    'cardnumber',
    'cardno',
    'card',
    'serial',
    'serials',
    'serialnumber',
    'serialno',
    'sn',
    'key',
    'keys',
    'licensekey'
  ],
  ...['licencekey', 'productkey', 'activationcode', 'activationkey', 'redeemcode', 'redemptioncode', 'rewardcode'],
  ...['uniquecode', 'ticketcode', 'ticket', 'ticketnumber', 'token', 'pin', 'pincode', 'barcode', 'ecard', 'ecardcode'],
  ...['兑换码', '券码', '卡密', '卡号', '优惠码', '优惠券码', '激活码', '礼品码', '编码', '序列号', '核销码']
])

const CODE = new RegExp(visiblePattern(1, 128))
const HEADER_LIKE = /code|voucher|coupon|promo|gift|serial|licen[cs]e|redeem|redemption|activation|number/i

/**
 * The error in a line of codes; undefined for none. A file that a spreadsheet has changed shows it by formulas, by numbers
 * with an exponent and by several columns.
 * @param mayBeHeader whether this is the first line and no header was found in it
 */
export function codeComplaint(code: string, mayBeHeader: boolean): string | undefined {
  if (!CODE.test(code)) return 'a code must have 1 to 128 visible ASCII characters'
  if (/^[=+\-@]/.test(code)) return 'starts like a formula of a spreadsheet (=, +, -, @): a code must not'
  if (/^\d+(\.\d+)?E\+\d+$/i.test(code))
    return 'is a number that a spreadsheet has shortened; export the column as text'
  if (/[;,"]/.test(code))
    return 'looks like several columns; a line must hold one code, columns are separated by commas'
  if (mayBeHeader && HEADER_LIKE.test(code) && !/\d/.test(code)) {
    return 'looks like a header; if it is a code, put a first line "code" above it'
  }
  return undefined
}
