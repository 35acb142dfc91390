//! What visitors read, in their language.

/// The words by which tests find their way.
pub struct Words {
    /// What the browser asks for.
    pub languages: &'static str,
    /// What the pages then say that they are in.
    pub tag: &'static str,
    pub logged_in_as: &'static str,
    pub click_to_log_out: &'static str,
    pub not_logged_in: &'static str,
    pub click_to_log_in: &'static str,
    pub log_in: &'static str,
    pub switch_user: &'static str,
    pub error: &'static str,
    pub click_to_go_home: &'static str,
    pub really_log_out: &'static str,
    pub log_out: &'static str,
    pub bad_request: &'static str,
    pub forbidden: &'static str,
    pub not_found: &'static str,
    pub method_not_allowed: &'static str,
    pub content_too_large: &'static str,
}

pub const TRADITIONAL_CHINESE: Words = Words {
    languages: "zh-TW",
    tag: "zh-Hant",
    logged_in_as: "登錄用戶名是:",
    click_to_log_out: "點擊這裏註銷",
    not_logged_in: "您暫未登錄,",
    click_to_log_in: "點擊這裏登錄",
    log_in: "登錄",
    switch_user: "切換用戶",
    error: "錯誤",
    click_to_go_home: "點擊這裏回到首頁",
    really_log_out: "確定要註銷嗎？",
    log_out: "註銷",
    bad_request: "無法處理這個請求",
    forbidden: "這個請求來自其他網站",
    not_found: "找不到這個頁面",
    method_not_allowed: "這個頁面不能這樣使用",
    content_too_large: "提交的內容太大",
};

pub const SIMPLIFIED_CHINESE: Words = Words {
    languages: "zh-CN",
    tag: "zh-Hans",
    logged_in_as: "登录用户名是:",
    click_to_log_out: "点击这里注销",
    not_logged_in: "您暂未登录,",
    click_to_log_in: "点击这里登录",
    log_in: "登录",
    switch_user: "切换用户",
    error: "错误",
    click_to_go_home: "点击这里回到首页",
    really_log_out: "确定要注销吗？",
    log_out: "注销",
    bad_request: "无法处理这个请求",
    forbidden: "这个请求来自其他网站",
    not_found: "找不到这个页面",
    method_not_allowed: "这个页面不能这样使用",
    content_too_large: "提交的内容太大",
};

pub const ENGLISH: Words = Words {
    languages: "en-GB",
    tag: "en",
    logged_in_as: "Logged in as ",
    click_to_log_out: "click here to log out",
    not_logged_in: "You are not logged in",
    click_to_log_in: "click here to log in",
    log_in: "Login",
    switch_user: "Switch user",
    error: "Error",
    click_to_go_home: "click here to go home",
    really_log_out: "Do you want to log out?",
    log_out: "Log out",
    bad_request: "This request cannot be answered",
    forbidden: "This request came from another site",
    not_found: "There is no such page",
    method_not_allowed: "This page cannot be used like this",
    content_too_large: "What you sent is too long",
};
