//! Traditional Chinese, the language of the original application.

use time::macros::{format_description, offset};

use super::{Errors, Explanation, Words};
use crate::web::username::{MAX_CHARS, UsernameError};

pub(super) static TRADITIONAL_CHINESE: Words = Words {
    tag: "zh-Hant",
    logged_in_as: "登錄用戶名是:",
    logged_in_at: "登錄於 ",
    utc_offset: offset!(+8),
    time: format_description!(
        "[year]年[month padding:none]月[day padding:none]日 [hour]:[minute]（UTC+8）"
    ),
    click_to_log_out: "點擊這裏註銷",
    not_logged_in: "您暫未登錄,",
    click_to_log_in: "點擊這裏登錄",
    log_in: "登錄",
    switch_user: "切換用戶",
    username: "用戶名",
    any_name_will_do: "任何名字都可以，最多 64 個字元，不需要密碼。",
    greets_by_name: "登錄後，這裏會用您的名字問候您。",
    username_refused: |error| match error {
        UsernameError::Empty => "請輸入用戶名。".to_owned(),
        UsernameError::TooLong(length) => {
            format!("名字有 {length} 個字元，最多只能有 {MAX_CHARS} 個，請縮短。")
        }
        UsernameError::Character(Some(character)) => {
            let code = u32::from(character);
            format!(
                "名字裏有不能使用的字元（U+{code:04X}），可能看不見，有些表情符號也含有它。\
                 請清空後重新輸入，不要用它。"
            )
        }
        UsernameError::NoBase => {
            "名字裏只有附加符號，沒有可以單獨顯示的字元，請重新輸入。".to_owned()
        }
        UsernameError::Character(None) => {
            "名字裏有一個不能用在這個位置的字元。請清空後重新輸入。".to_owned()
        }
    },
    error: "錯誤：",
    go_home: "回到首頁",
    really_log_out: "確定要註銷登錄嗎？",
    another_site_asked: "這個請求可能來自其他網站，因此還沒有處理，您仍然是登錄狀態。",
    log_out: "註銷",
    errors: Errors {
        bad_request: Explanation {
            what_happened: "無法處理這個請求",
            what_to_do: "請檢查網址是否正確，或者回到首頁再試一次。",
        },
        forbidden: Explanation {
            what_happened: "請求來自其他網站",
            what_to_do: "您的登錄狀態沒有改變，請回到首頁再試一次。",
        },
        not_found: Explanation {
            what_happened: "找不到這個頁面",
            what_to_do: "請檢查網址是否正確。",
        },
        method_not_allowed: Explanation {
            what_happened: "頁面不能這樣使用",
            what_to_do: "請使用頁面上的連結和按鈕。",
        },
        request_timeout: Explanation {
            what_happened: "等待提交內容逾時",
            what_to_do: "請檢查連線，然後再試一次。",
        },
        content_too_large: Explanation {
            what_happened: "提交的內容太長",
            what_to_do: "請縮短後再試。",
        },
        unsupported_media_type: Explanation {
            what_happened: "無法識別提交的內容",
            what_to_do: "請使用登錄頁面上的表單。",
        },
        unprocessable_content: Explanation {
            what_happened: "這個用戶名不能使用",
            what_to_do: "請輸入 1 到 64 個字元，不能含有看不見的字元。",
        },
        internal_server_error: Explanation {
            what_happened: "伺服器出錯了",
            what_to_do: "這不是您的問題，請稍後再試。",
        },
        service_unavailable: Explanation {
            what_happened: "服務暫時無法使用",
            what_to_do: "您的登錄狀態沒有改變，請稍後再試。",
        },
        insufficient_storage: Explanation {
            what_happened: "儲存空間不足",
            what_to_do: "這次的變更沒有儲存，之前的內容不受影響。",
        },
    },
};
