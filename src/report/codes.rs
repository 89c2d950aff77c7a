//! The closed lists that reports count by, in both languages.

/// How far an order by keypad comes, step by step: code and words.
pub const STAGES: [(&str, &str, &str); 5] = [
    ("answered", "进入", "Answered"),
    ("order_begun", "开始点餐", "Began to order"),
    ("dish_chosen", "选菜", "Chose a dish"),
    ("read_back", "核对订单", "Heard the read-back"),
    ("submitted", "提交", "Submitted"),
];

/// What complaints and messages are about.
pub const TOPICS: [(&str, &str, &str); 7] = [
    ("complaint", "投诉", "Complaint"),
    ("suggestion", "建议", "Suggestion"),
    ("voicemail", "留言", "Message"),
    ("join", "想办会员", "Wants to be a member"),
    ("delivery", "送餐问题", "Delivery"),
    ("food_safety", "食品安全", "Food safety"),
    ("other", "其他", "Other"),
];

/// Why something was taken off a price.
pub const DISCOUNTS: [(&str, &str, &str); 5] = [
    ("level", "会员等级", "Member's level"),
    ("quantity", "多份优惠", "Many portions"),
    ("offer", "优惠活动", "Offer"),
    ("points", "积分抵扣", "Points"),
    ("credit", "补偿抵扣", "Made good"),
];

/// The days of the week, Monday first.
pub const WEEKDAYS: [(&str, &str, &str); 7] = [
    ("1", "星期一", "Monday"),
    ("2", "星期二", "Tuesday"),
    ("3", "星期三", "Wednesday"),
    ("4", "星期四", "Thursday"),
    ("5", "星期五", "Friday"),
    ("6", "星期六", "Saturday"),
    ("7", "星期日", "Sunday"),
];

/// The dispositions of calls, as the trade knows them.
pub const CODES: [(&str, &str, &str); 22] = [
    ("10", "下单-外送", "Order, delivery"),
    ("11", "下单-自取", "Order, pickup"),
    ("12", "改单", "Order changed"),
    ("13", "取消订单", "Order cancelled"),
    ("20", "咨询-菜单价格", "Menu and prices"),
    ("21", "咨询-门店/营业时间", "Restaurants and hours"),
    ("22", "催单", "Where is my order"),
    ("23", "预订/包间", "Reservation"),
    ("30", "投诉-送餐", "Complaint, delivery"),
    ("31", "投诉-菜品质量", "Complaint, quality"),
    ("32", "投诉-服务", "Complaint, service"),
    ("33", "食品安全", "Food safety"),
    ("34", "表扬/建议", "Praise, suggestion"),
    ("40", "会员/积分", "Membership, points"),
    ("41", "发票", "Invoice"),
    ("50", "转接部门", "Passed to a department"),
    ("60", "无声/掉线", "Silent or cut off"),
    ("61", "打错", "Wrong number"),
    ("62", "骚扰", "Harassment"),
    ("70", "超出配送范围", "Out of the zone"),
    ("71", "无运力/已打烊", "Closed or full"),
    ("80", "回拨未接", "Call-back not answered"),
];

/// What becomes of orders (送餐反馈).
pub const RESULTS: [(&str, &str, &str); 14] = [
    ("D00", "正常送到", "On time"),
    ("D10", "晚到10分钟", "10 minutes late"),
    ("D30", "晚到30分钟", "30 minutes late"),
    ("D60", "晚到1小时", "An hour late"),
    ("D70", "客户地址有误", "Wrong address"),
    ("D71", "联系不上客户", "Not to be reached"),
    ("D72", "客户拒收", "Refused at the door"),
    ("D73", "客户改时间/改自取", "Rescheduled or fetched"),
    ("D80", "客户太多未送", "Not sent, too many orders"),
    ("D81", "无骑手/车辆故障/天气", "No rider, breakdown, weather"),
    ("D82", "漏餐/错餐/洒餐", "Missing, wrong or spilled"),
    ("D83", "沽清无法出餐", "Sold out"),
    ("D90", "恶意订单", "Prank"),
    ("D99", "取消", "Cancelled"),
];

/// Why somebody did not get what they wanted.
pub const LOST: [(&str, &str, &str); 6] = [
    ("D80", "客户太多未送", "Not sent, too many orders"),
    ("D81", "无骑手/车辆故障/天气", "No rider, breakdown, weather"),
    ("D83", "沽清无法出餐", "Sold out"),
    ("refused", "门店拒单后取消", "Refused by branches, then cancelled"),
    ("70", "来电：超出配送范围", "By telephone: out of the zone"),
    ("71", "来电：无运力/已打烊", "By telephone: closed or full"),
];
