//! Traditional Chinese, the language of the original application.

use time::macros::format_description;

use super::{Errors, Explanation, Words};
use crate::web::username::{MAX_CHARS, UsernameError};

pub(super) static TRADITIONAL_CHINESE: Words = Words {
    tag: "zh-Hant",
    logged_in_as: "登錄用戶名是:",
    logged_in_at: "登錄時間:",
    time: format_description!(
        "[year]年[month padding:none]月[day padding:none]日 [hour]:[minute] UTC"
    ),
    click_to_log_out: "點擊這裏註銷",
    not_logged_in: "您暫未登錄,",
    click_to_log_in: "點擊這裏登錄",
    log_in: "登錄",
    switch_user: "切換用戶",
    username: "用戶名",
    any_name_will_do: "任何名字都可以，不需要密碼。",
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
    errors: Errors {
        bad_request: Explanation {
            what_happened: "無法處理這個請求",
            what_to_do: "請檢查網址是否正確，或者回到首頁再試一次。",
        },
        forbidden: Explanation {
            what_happened: "這個請求來自其他網站",
            what_to_do: "您的登錄狀態沒有改變，請回到首頁再試一次。",
        },
        not_found: Explanation {
            what_happened: "找不到這個頁面",
            what_to_do: "請檢查網址是否正確。",
        },
        method_not_allowed: Explanation {
            what_happened: "這個頁面不能這樣使用",
            what_to_do: "請使用頁面上的鏈接和按鈕。",
        },
        request_timeout: Explanation {
            what_happened: "提交的內容沒有及時到達",
            what_to_do: "請檢查網絡連接，然後再試一次。",
        },
        content_too_large: Explanation {
            what_happened: "提交的內容太大",
            what_to_do: "請縮短後再試。",
        },
        unsupported_media_type: Explanation {
            what_happened: "無法識別提交的內容",
            what_to_do: "請使用登錄頁面上的表單。",
        },
        unprocessable_content: Explanation {
            what_happened: "這個用戶名不能使用",
            what_to_do: "請輸入 1 到 64 個字符，其中不能有看不見的字符。",
        },
        internal_server_error: Explanation {
            what_happened: "服務器出錯了",
            what_to_do: "這不是您的問題，請稍後再試。",
        },
        service_unavailable: Explanation {
            what_happened: "服務暫時無法使用",
            what_to_do: "您的登錄狀態沒有改變，請稍後再試。",
        },
        insufficient_storage: Explanation {
            what_happened: "這裏記不下更多內容了",
            what_to_do: "這次的改動沒有保存，之前的內容都還在。",
        },
    },
};
