//! Simplified Chinese.

use time::macros::format_description;

use super::{Errors, Explanation, Words};
use crate::web::username::{MAX_CHARS, UsernameError};

pub(super) static SIMPLIFIED_CHINESE: Words = Words {
    tag: "zh-Hans",
    logged_in_as: "登录用户名是:",
    logged_in_at: "登录时间:",
    time: format_description!(
        "[year]年[month padding:none]月[day padding:none]日 [hour]:[minute] UTC"
    ),
    click_to_log_out: "点击这里注销",
    not_logged_in: "您暂未登录,",
    click_to_log_in: "点击这里登录",
    log_in: "登录",
    switch_user: "切换用户",
    username: "用户名",
    any_name_will_do: "任何名字都可以，不需要密码。",
    username_refused: |error| match error {
        UsernameError::Empty => "请输入用户名。".to_owned(),
        UsernameError::TooLong(length) => {
            format!("用户名最多 {MAX_CHARS} 个字符，现在有 {length} 个，请缩短后再试。")
        }
        UsernameError::Character(Some(character)) => {
            let code = u32::from(character);
            format!("用户名中有不能使用的字符（U+{code:04X}），它可能看不见，请重新输入。")
        }
        UsernameError::Character(None) => {
            "用户名中有看不见的字符，不能用在这个位置，请重新输入。".to_owned()
        }
    },
    error: "错误",
    click_to_go_home: "点击这里回到首页",
    really_log_out: "确定要注销吗？",
    another_site_asked: "是其他网站把您带到这里的，所以您还没有注销。",
    log_out: "注销",
    errors: Errors {
        bad_request: Explanation {
            what_happened: "无法处理这个请求",
            what_to_do: "请检查网址是否正确，或者回到首页再试一次。",
        },
        forbidden: Explanation {
            what_happened: "这个请求来自其他网站",
            what_to_do: "您的登录状态没有改变，请回到首页再试一次。",
        },
        not_found: Explanation {
            what_happened: "找不到这个页面",
            what_to_do: "请检查网址是否正确。",
        },
        method_not_allowed: Explanation {
            what_happened: "这个页面不能这样使用",
            what_to_do: "请使用页面上的链接和按钮。",
        },
        request_timeout: Explanation {
            what_happened: "提交的内容没有及时到达",
            what_to_do: "请检查网络连接，然后再试一次。",
        },
        content_too_large: Explanation {
            what_happened: "提交的内容太大",
            what_to_do: "请缩短后再试。",
        },
        unsupported_media_type: Explanation {
            what_happened: "无法识别提交的内容",
            what_to_do: "请使用登录页面上的表单。",
        },
        unprocessable_content: Explanation {
            what_happened: "这个用户名不能使用",
            what_to_do: "请输入 1 到 64 个字符，其中不能有看不见的字符。",
        },
        internal_server_error: Explanation {
            what_happened: "服务器出错了",
            what_to_do: "这不是您的问题，请稍后再试。",
        },
        service_unavailable: Explanation {
            what_happened: "服务暂时无法使用",
            what_to_do: "您的登录状态没有改变，请稍后再试。",
        },
        insufficient_storage: Explanation {
            what_happened: "这里记不下更多内容了",
            what_to_do: "这次的改动没有保存，之前的内容都还在。",
        },
    },
};
