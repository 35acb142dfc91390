//! The words on the pages.

use axum::http::StatusCode;

use super::username::{MAX_CHARS, UsernameError};

/// Every word on the pages, in one language.
pub(super) struct Words {
    /// The language, as BCP 47 writes it.
    pub(super) tag: &'static str,
    pub(super) logged_in_as: &'static str,
    pub(super) click_to_log_out: &'static str,
    pub(super) not_logged_in: &'static str,
    pub(super) click_to_log_in: &'static str,
    pub(super) log_in: &'static str,
    pub(super) username: &'static str,
    /// What to change about a username.
    pub(super) username_refused: fn(UsernameError) -> String,
    /// What stands before the title of a form that is shown again.
    pub(super) error: &'static str,
    pub(super) click_to_go_home: &'static str,
    /// What to do before who came from another site is logged out.
    pub(super) really_log_out: &'static str,
    pub(super) another_site_asked: &'static str,
    pub(super) log_out: &'static str,
    /// What happened, and what to do now.
    pub(super) explain: fn(StatusCode) -> [&'static str; 2],
}

/// The language of the original application.
pub(super) static TRADITIONAL_CHINESE: Words = Words {
    tag: "zh-Hant",
    logged_in_as: "登錄用戶名是:",
    click_to_log_out: "點擊這裏註銷",
    not_logged_in: "您暫未登錄,",
    click_to_log_in: "點擊這裏登錄",
    log_in: "登錄",
    username: "用戶名",
    username_refused: |error| match error {
        UsernameError::Empty => "請輸入用戶名。".to_owned(),
        UsernameError::TooLong(length) => {
            format!("用戶名最多 {MAX_CHARS} 個字符，現在有 {length} 個，請縮短後再試。")
        }
        UsernameError::Character(Some(character)) => {
            let code = u32::from(character);
            format!("用戶名中有不能使用的字符（U+{code:04X}），它可能看不見，請重新輸入。")
        }
        UsernameError::Character(None) => {
            "用戶名中有看不見的字符，不能用在這個位置，請重新輸入。".to_owned()
        }
    },
    error: "錯誤",
    click_to_go_home: "點擊這裏回到首頁",
    really_log_out: "確定要註銷嗎？",
    another_site_asked: "是其他網站把您帶到這裏的，所以您還沒有註銷。",
    log_out: "註銷",
    explain: |status| match status {
        StatusCode::FORBIDDEN => [
            "這個請求來自其他網站",
            "您的登錄狀態沒有改變，請回到首頁再試一次。",
        ],
        StatusCode::REQUEST_TIMEOUT => ["提交的內容沒有及時到達", "請檢查網絡連接，然後再試一次。"],
        StatusCode::NOT_FOUND => ["找不到這個頁面", "請檢查網址是否正確。"],
        StatusCode::METHOD_NOT_ALLOWED => ["這個頁面不能這樣使用", "請使用頁面上的鏈接和按鈕。"],
        StatusCode::PAYLOAD_TOO_LARGE => ["提交的內容太大", "請縮短後再試。"],
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ["無法識別提交的內容", "請使用登錄頁面上的表單。"],
        StatusCode::SERVICE_UNAVAILABLE => {
            ["服務暫時無法使用", "您的登錄狀態沒有改變，請稍後再試。"]
        }
        StatusCode::INSUFFICIENT_STORAGE => [
            "這裏記不下更多內容了",
            "這次的改動沒有保存，之前的內容都還在。",
        ],
        status if status.is_client_error() => ["無法處理這個請求", "請回到首頁再試一次。"],
        _ => ["服務器出錯了", "這不是您的問題，請稍後再試。"],
    },
};
