//! Characters that are variants of one another in names.

use super::fold::fold;
use std::collections::HashMap;

/// Forms before and after the reform of 1946: the table of characters for general use (常用漢字表,
/// cabinet notice of 2010), which has the older form in brackets.
///
/// Those that Unicode has as compatibility ideographs are not here: normalisation unites them. 斎
/// and 斉 are two characters, each with an old form of its own.
const OLD_AND_NEW: &str = "\
    亜亞 悪惡 圧壓 囲圍 医醫 為爲 壱壹 隠隱 栄榮 営營 衛衞 駅驛 円圓 塩鹽 \
    縁緣 艶艷 応應 欧歐 横橫 桜櫻 奥奧 穏穩 温溫 仮假 価價 画畫 会會 絵繪 \
    壊壞 懐懷 拡擴 覚覺 学學 楽樂 勧勸 巻卷 寛寬 関關 観觀 歓歡 顔顏 気氣 \
    帰歸 既旣 亀龜 旧舊 拠據 挙擧 虚虛 峡峽 狭狹 郷鄕 暁曉 区區 駆驅 勲勳 \
    薫薰 径徑 恵惠 渓溪 経經 継繼 茎莖 蛍螢 軽輕 鶏鷄 芸藝 県縣 倹儉 剣劍劔劒 \
    険險 圏圈 検檢 献獻 権權 顕顯 験驗 厳嚴 広廣 効效 恒恆 黄黃 鉱鑛 号號 \
    国國 黒黑 済濟 斎齋 斉齊 雑雜 参參 桟棧 蚕蠶 賛贊 糸絲 児兒 実實 写寫 \
    釈釋 寿壽 収收 従從 渋澁 獣獸 縦縱 粛肅 緒緖 将將 焼燒 奨奬 条條 状狀 \
    乗乘 浄淨 剰剩 畳疊 縄繩 壌壤 嬢孃 譲讓 醸釀 触觸 寝寢 慎愼 晋晉 真眞 \
    尽盡 図圖 粋粹 酔醉 穂穗 随隨 髄髓 枢樞 数數 瀬瀨 清淸 青靑 声聲 静靜 \
    税稅 摂攝 説說 専專 浅淺 戦戰 践踐 銭錢 潜潛 禅禪 双雙 荘莊 捜搜 挿插 \
    巣巢 曽曾 装裝 総總 聡聰 騒騷 増增 蔵藏 属屬 続續 対對 体體 帯帶 滞滯 \
    台臺 滝瀧 択擇 沢澤 単單 担擔 団團 弾彈 遅遲 昼晝 虫蟲 鋳鑄 庁廳 聴聽 \
    鎮鎭 転轉 伝傳 点點 灯燈 当當 党黨 稲稻 闘鬪 徳德 独獨 読讀 届屆 弐貳 \
    悩惱 覇霸 拝拜 売賣 麦麥 発發 髪髮 抜拔 浜濱濵 仏佛 払拂 並竝 変變 辺邊邉 \
    歩步 宝寶寳 豊豐 褒襃 翻飜 毎每 万萬 満滿 黙默 弥彌 訳譯 薬藥 与與 予豫 \
    余餘 誉譽 揺搖 様樣 謡謠 来來 頼賴 乱亂 覧覽 竜龍 両兩 猟獵 緑綠 塁壘 \
    礼禮 励勵 戻戾 霊靈 齢齡 暦曆 歴歷 恋戀 炉爐 労勞 郎郞 楼樓 録錄 湾灣";

/// Forms that registers of names have beside the usual one: the tables of characters for names
/// (別表第二 of the ordinance on the family register) and the Ministry of Justice's list of
/// miswritten, popular and correct characters (誤字俗字・正字一覧表).
const IN_REGISTERS: &str = "\
    巌巖 尭堯 桧檜 槙槇 遥遙 瑶瑤 祢禰 穣穰 萌萠 凜凛 彦彥 姫姬 晃晄 峰峯 \
    富冨 昇曻 秋穐 野埜 島嶋嶌 高髙 崎﨑嵜 角⻆ 吉𠮷 土圡 桑桒 柳栁 橋𣘺 船舩 \
    館舘 喜㐂 淵渕渊 欅﨔 戸戶户 呉吳吴 呂吕 亘亙 産產 教敎 即卽 鉄鐵鉃 松枩 \
    留畱 隠隐";

/// Simplified forms of characters in Chinese names. Residents' cards replace them as the Ministry
/// of Justice's notice 582 of 2011 says; universities often keep what an applicant wrote.
const SIMPLIFIED: &str = "\
    張张 劉刘 陳陈 楊杨 趙赵 呉吴 孫孙 馬马 鄭郑 謝谢 韓韩 馮冯 許许 鄧邓 \
    蕭萧 盧卢 蘇苏 賈贾 鍾钟 譚谭 陸陆 賀贺 龔龚 銭钱 湯汤 喬乔 頼赖 龐庞 \
    顔颜 鄒邹 厳严 閻阎 華华 偉伟 強强 軍军 麗丽 傑杰 濤涛 艶艳 蘭兰 鳳凤 \
    紅红 飛飞 鵬鹏 竜龙 慶庆 東东 長长 義义 書书 楽乐 亜亚 広广 園园 聖圣 \
    堅坚 嵐岚 島岛 師师 応应 懐怀 時时 顕显 権权 夢梦 歓欢 漢汉 沢泽 済济 \
    潤润 淵渊 燁烨 煒炜 煥焕 瑋玮 瓊琼 純纯 経经 維维 紹绍 緒绪 羅罗 聯联 \
    勝胜 騰腾 栄荣 蓮莲 瑩莹 藍蓝 見见 観观 詩诗 誠诚 語语 貝贝 賢贤 貴贵 \
    賛赞 車车 軒轩 遠远 運运 連连 遅迟 鈞钧 鉄铁 銘铭 銀银 鋒锋 錦锦 鎮镇 \
    門门 聞闻 陽阳 際际 韋韦 韻韵 順顺 顧顾 穎颖 駱骆 駿骏 魯鲁 鳴鸣 鴻鸿 \
    鶴鹤 斉齐 暁晓 気气 単单 関关 実实 浜滨 辺边 豊丰";

/// What names are compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Each variant, and the character that stands for its family.
    families: HashMap<char, char>,
}

impl Default for Rules {
    fn default() -> Self {
        let mut rules = Self {
            families: HashMap::new(),
        };
        for table in [OLD_AND_NEW, IN_REGISTERS, SIMPLIFIED] {
            table
                .split_whitespace()
                .for_each(|family| rules.join(family));
        }
        rules
    }
}

impl Rules {
    /// Also takes the characters of `family` for one; families that share a character become one.
    #[must_use]
    pub fn with(mut self, family: &str) -> Self {
        // Compared is what folding leaves of a name.
        self.join(&fold(family).concat());
        self
    }

    fn join(&mut self, family: &str) {
        let Some(first) = family.chars().next() else {
            return;
        };
        let head = self.family(first);
        for member in family.chars() {
            let before = self.family(member);
            for other in self.families.values_mut().filter(|other| **other == before) {
                *other = head;
            }
            self.families.insert(member, head);
            self.families.insert(before, head);
        }
    }

    /// The character that stands for `c` and its variants.
    pub(super) fn family(&self, c: char) -> char {
        self.families.get(&c).copied().unwrap_or(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold_what_folding_leaves_and_each_family_once() {
        let tables = [OLD_AND_NEW, IN_REGISTERS, SIMPLIFIED].concat();
        for family in tables.split_whitespace() {
            assert_eq!(fold(family), [family]);
            assert!(family.chars().count() >= 2, "{family}");
        }
    }

    #[test]
    fn what_is_two_characters_stays_two() {
        let rules = Rules::default();
        for pair in [
            "斎斉", "太大", "坂阪", "島鳥", "野里", "土士", "川河", "郎朗", "葉叶",
        ] {
            let families: Vec<_> = pair.chars().map(|c| rules.family(c)).collect();
            assert_ne!(families[0], families[1], "{pair}");
        }
    }

    #[test]
    fn families_of_the_settings_grow_together() {
        let rules = Rules::default().with("斎斉").with("辺部");
        for family in ["斎齋斉齊齐", "辺邊邉部边"] {
            let heads: Vec<_> = family.chars().map(|c| rules.family(c)).collect();
            assert!(heads.iter().all(|head| *head == heads[0]), "{family}");
        }
    }
}
