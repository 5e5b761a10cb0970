#include "base/encoding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

namespace edgewise {
namespace {

using testing::HasSubstr;

/// A text in one of the encodings that a byte order mark tells, without the mark.
std::string encoded(std::u32string_view text, int bytes, bool is_big) {
  std::string result;
  const auto unit = [&](std::uint32_t value) {
    for (int k = 0; k < bytes; ++k) result += static_cast<char>(value >> (8 * (is_big ? bytes - 1 - k : k)) & 0xFF);
  };
  for (const char32_t c : text) {
    if (bytes == 4 || c < 0x10000) {
      unit(c);
    } else {
      unit(0xD800 + ((c - 0x10000) >> 10));
      unit(0xDC00 + ((c - 0x10000) & 0x3FF));
    }
  }
  return result;
}

std::string text_or_error(const Result<std::string>& result) {
  return result ? *result : to_text(result.error());
}

TEST(Text, IsDecodedByItsByteOrderMark) {
  const std::u32string_view text = U"Kühe\r\n犬 \U0001F404\n";
  const std::string utf8 = "K\u00fche\r\n\u72ac \U0001F404\n";
  for (const int bytes : {2, 4})
    for (const bool is_big : {false, true})
      EXPECT_EQ(text_or_error(utf8_text(encoded(U"\uFEFF", bytes, is_big) + encoded(text, bytes, is_big), "f")), utf8);
  EXPECT_EQ(text_or_error(utf8_text("\xEF\xBB\xBF" + utf8, "f")), utf8);
  EXPECT_EQ(text_or_error(utf8_text(utf8, "f")), utf8);
  EXPECT_EQ(text_or_error(utf8_text("", "f")), "");
  EXPECT_EQ(text_or_error(utf8_text("\xFF\xFE", "f")), "");
}

TEST(Text, OfMoreThanOneBufferIsDecodedWhole) {
  std::u32string text;
  std::string utf8;
  for (int i = 0; i < 100'000; ++i) text += U"aé犬", utf8 += "a\u00e9\u72ac";
  EXPECT_EQ(utf8_text("\xFF\xFE" + encoded(text, 2, false), "f").value(), utf8);
}

TEST(Text, InUtf16WithoutAMarkIsAnErrorThatNamesTheEncoding) {
  const std::u32string_view text = U"image,x0,y0,x1,y1\nKühe.png,1,2,3,4\n";
  EXPECT_EQ(text_or_error(utf8_text(encoded(text, 2, false), "boxes.csv")),
            "error: this looks like UTF-16LE text without a byte order mark\n  at boxes.csv\n  next: save it as UTF-8");
  EXPECT_THAT(text_or_error(utf8_text(encoded(text, 2, true), "f")), HasSubstr("UTF-16BE"));
  EXPECT_THAT(text_or_error(utf8_text(encoded(text, 4, false), "f")), HasSubstr("UTF-32LE"));
  EXPECT_THAT(text_or_error(utf8_text(encoded(text, 4, true), "f")), HasSubstr("UTF-32BE"));
}

TEST(Text, WithAZeroByteIsAnErrorAtItsPlace) {
  EXPECT_THAT(text_or_error(utf8_text(std::string("one\ntw\0o\n", 9), "f")),
              HasSubstr("zero byte, which no text has\n  at f:2:3"));
  EXPECT_THAT(text_or_error(utf8_text("\xFF\xFE" + encoded(std::u32string_view(U"a\nb\0c", 5), 2, false), "f")),
              HasSubstr("zero byte, which no text has\n  at f:2:2"));
}

TEST(Text, ThatIsNoUtf8IsAnErrorAtItsPlace) {
  EXPECT_EQ(text_or_error(utf8_text("tea\ncaf\xe9\n", "classes.txt")),
            "error: the byte 0xE9 is not UTF-8\n  at classes.txt:2:4\n  next: the text has another encoding: save it "
            "as UTF-8");
  // Too long forms, surrogates, past the end, cut short, a lone tail.
  for (const std::string_view bad : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                                     "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE7\x8A", "\xC3", "\x80"}) {
    EXPECT_THAT(text_or_error(utf8_text("0123456789\n" + std::string(bad), "f")), HasSubstr("f:2:1"));
    EXPECT_THAT(text_or_error(utf8_text("0123456789\n" + std::string(bad) + " and more text", "f")),
                HasSubstr("f:2:1"));
  }
  for (const std::string_view good :
       {"\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(text_or_error(utf8_text(std::string(good), "f")), good);
}

TEST(Text, ThatBreaksItsMarkIsAnErrorAtItsPlace) {
  EXPECT_THAT(text_or_error(utf8_text("\xFF\xFE" + encoded(U"ab\nc", 2, false) + "d", "f")),
              HasSubstr("what follows here is not UTF-16LE, as the start of the file says\n  at f:2:2"));
  EXPECT_THAT(text_or_error(utf8_text("\xFF\xFE" + encoded(U"ab", 2, false) + std::string("\x00\xD8z\0", 4), "f")),
              HasSubstr("is not UTF-16LE"));
}

TEST(Xml, IsDecodedAsItDeclares) {
  const auto declared = [](const std::string& encoding, const std::string& text) {
    return "<?xml version='1.0' encoding=\"" + encoding + "\"?>\n<name>" + text + "</name>";
  };
  EXPECT_THAT(text_or_error(utf8_xml(declared("ISO-8859-1", "K\xfche"), "f")), HasSubstr("<name>K\u00fche<"));
  EXPECT_THAT(text_or_error(utf8_xml(declared("iso-8859-1", "K\xfche"), "f")), HasSubstr("<name>K\u00fche<"));
  EXPECT_THAT(text_or_error(utf8_xml(declared("windows-1252", "5 \x80"), "f")), HasSubstr("<name>5 \u20ac<"));
  EXPECT_THAT(text_or_error(utf8_xml(declared("GBK", "\xc8\xae"), "f")), HasSubstr("<name>\u72ac<"));
  EXPECT_THAT(text_or_error(utf8_xml(declared("gb2312", "\xe9\x46"), "f")),
              HasSubstr("<name>\u9555<"));  // GBK's own character under the older name
  EXPECT_THAT(text_or_error(utf8_xml(declared("Shift_JIS", "\x8c\xa2"), "f")), HasSubstr("<name>\u72ac<"));
  EXPECT_THAT(text_or_error(utf8_xml(declared("EUC-KR", "\xb0\xb3"), "f")), HasSubstr("<name>\uac1c<"));
  EXPECT_THAT(text_or_error(utf8_xml(declared("UTF-8", "K\u00fche"), "f")), HasSubstr("<name>K\u00fche<"));
  EXPECT_THAT(text_or_error(utf8_xml("<name>K\u00fche</name>", "f")), HasSubstr("<name>K\u00fche<"));
}

TEST(Xml, InUtf16IsReadWithAndWithoutAMark) {
  const std::u32string_view text = U"<?xml version=\"1.0\" encoding=\"utf-16\"?><name>Kühe</name>";
  for (const bool is_big : {false, true}) {
    EXPECT_THAT(text_or_error(utf8_xml(encoded(U"\uFEFF", 2, is_big) + encoded(text, 2, is_big), "f")),
                HasSubstr("<name>K\u00fche<"));
    EXPECT_THAT(text_or_error(utf8_xml(encoded(text, 2, is_big), "f")), HasSubstr("<name>K\u00fche<"));
  }
  // As .NET's StringWriter declares what is then saved as UTF-8.
  EXPECT_THAT(text_or_error(utf8_xml("<?xml version=\"1.0\" encoding=\"utf-16\"?><name>K\u00fche</name>", "f")),
              HasSubstr("<name>K\u00fche<"));
}

TEST(Xml, WhoseDeclarationHelpsNobodyIsAnError) {
  EXPECT_THAT(text_or_error(utf8_xml("<?xml version=\"1.0\" encoding=\"klingon-1\"?><a/>", "a.xml")),
              HasSubstr("the XML declares the encoding \"klingon-1\", which is not known\n  at a.xml:1:1"));
  EXPECT_THAT(text_or_error(utf8_xml("<?xml version=\"1.0\" encoding=\"ASCII//TRANSLIT\"?><a/>", "f")),
              HasSubstr("declares an encoding that is not known"));
  EXPECT_THAT(text_or_error(utf8_xml("<?xml version=\"1.0\" encoding=\"GBK\"?>\n<a>\xff</a>", "f")),
              HasSubstr("declares the encoding \"GBK\", but what follows here is not\n  at f:2:4"));
  EXPECT_THAT(text_or_error(utf8_xml("<?xml version=\"1.0\"?>\n<a>K\xfche</a>", "f")),
              HasSubstr("the byte 0xFC is not UTF-8\n  at f:2:5"));
}

TEST(Head, OfATextIsDecodedAsFarAsItGoes) {
  EXPECT_EQ(utf8_head("\xFF\xFE" + encoded(U"# path", 2, false) + "x"), "# path");
  EXPECT_EQ(utf8_head("\xEF\xBB\xBF# path"), "# path");
  EXPECT_EQ(utf8_head("caf\xe9"), "caf\xe9");
}

}  // namespace
}  // namespace edgewise
