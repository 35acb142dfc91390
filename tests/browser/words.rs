//! The texts of the pages, in each language.

/// The texts by which tests recognize pages, links and buttons.
pub struct Words {
    /// The language that the browser asks for.
    pub languages: &'static str,
    /// The `lang` attribute of the pages then.
    pub tag: &'static str,
    pub logged_in_as: &'static str,
    pub click_to_log_out: &'static str,
    pub not_logged_in: &'static str,
    pub click_to_log_in: &'static str,
    pub log_in: &'static str,
    pub switch_user: &'static str,
    pub error: &'static str,
    pub go_home: &'static str,
    pub really_log_out: &'static str,
    /// The name of the language.
    pub name: &'static str,
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
    error: "錯誤：",
    go_home: "回到首頁",
    really_log_out: "確定要登出嗎？",
    name: "繁體中文",
    log_out: "登出",
    bad_request: "無法處理這個請求",
    forbidden: "這個請求來自其他網站",
    not_found: "找不到這個頁面",
    method_not_allowed: "這個頁面不能這樣使用",
    content_too_large: "送出的內容太長",
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
    error: "错误：",
    go_home: "返回首页",
    really_log_out: "确定要退出登录吗？",
    name: "简体中文",
    log_out: "退出登录",
    bad_request: "无法处理这个请求",
    forbidden: "这个请求来自其他网站",
    not_found: "找不到这个页面",
    method_not_allowed: "这个页面不能这样使用",
    content_too_large: "提交的内容太长",
};

pub const ENGLISH: Words = Words {
    languages: "en-GB",
    tag: "en",
    logged_in_as: "Logged in as ",
    click_to_log_out: "click here to log out",
    not_logged_in: "You are not logged in",
    click_to_log_in: "click here to log in",
    log_in: "Log in",
    switch_user: "Switch user",
    error: "Error: ",
    go_home: "Back to the home page",
    really_log_out: "Do you want to log out?",
    name: "English",
    log_out: "Log out",
    bad_request: "This request could not be answered",
    forbidden: "This request came from another site",
    not_found: "Page not found",
    method_not_allowed: "This page cannot be used that way",
    content_too_large: "What you sent is too long",
};
