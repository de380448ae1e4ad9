"""Secrets come from a file or the environment; they are read when needed and shown nowhere."""

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationInfo, model_validator

from common.faults import fault

MAX_SECRET_BYTES = 16 * 1024


class SecretUnavailable(Exception):
    """The file or variable that holds a secret cannot be read. The text names it, never its content."""


class Secret(BaseModel):
    """Where a secret lies: `{file: PATH}` (relative to the configuration) or `{env: NAME}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path | None = None
    env: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _not_in_plain(cls, value: Any) -> Any:
        if not isinstance(value, dict | Secret):
            raise fault(
                "密钥不写在配置里：请写 {file: 文件路径} 或 {env: 环境变量名}",
                "a secret is not written here: write {file: PATH} or {env: NAME}",
            )
        return value

    @model_validator(mode="after")
    def _one_source(self, info: ValidationInfo) -> "Secret":
        if (self.file is None) == (self.env is None):
            raise fault("请写 file 或 env 之一", "write either file or env")
        folder = (info.context or {}).get("folder")
        if self.file is not None and folder is not None and not self.file.is_absolute():
            return self.model_copy(update={"file": Path(folder) / self.file})
        return self

    def read(self) -> SecretStr:
        """The secret without surrounding white space. Raises SecretUnavailable."""
        if self.env is not None:
            value = os.environ.get(self.env)
            if not value:
                raise SecretUnavailable(f"environment variable {self.env} is not set")
            return SecretStr(value.strip())
        try:
            raw = Path(str(self.file)).read_bytes()[:MAX_SECRET_BYTES]
            value = raw.decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise SecretUnavailable(f"{self.file}: {reason}") from None
        if not value:
            raise SecretUnavailable(f"{self.file} is empty")
        return SecretStr(value)
