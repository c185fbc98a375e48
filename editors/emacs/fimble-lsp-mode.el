;;; fimble-lsp-mode.el --- fimble beside other servers, in lsp-mode  -*- lexical-binding: t -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1") (lsp-mode "10.0.0"))
;; Keywords: convenience, languages, tools
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; lsp-mode 10 shows inline suggestions by itself.  This tells it of the server, as an addition to whichever
;; other servers a file has, and makes TAB take what is shown.
;;
;;     (require 'fimble-lsp-mode)
;;     (add-hook 'prog-mode-hook #'lsp-deferred)

;;; Code:

(require 'lsp-mode)
(require 'lsp-inline-completion)

(defcustom fimble-lsp-command '("fimble" "lsp")
  "How to start the language server, a program and its arguments."
  :group 'lsp-mode :type '(repeat string))

(setq lsp-inline-completion-enable t
      lsp-inline-completion-idle-delay 0.05) ; two seconds if nobody says otherwise

(lsp-inline-completion--define-key lsp-inline-completion-active-map
                                   (kbd "TAB") #'lsp-inline-completion-accept 'keep)

(lsp-register-client
 (make-lsp-client
  :server-id 'fimble
  :add-on? t
  :new-connection (lsp-stdio-connection (lambda () fimble-lsp-command))
  :activation-fn (lambda (_file mode) (provided-mode-derived-p mode 'prog-mode))
  ;; lsp-mode does not say that it shows suggestions inline, and would be given them in its menu, too
  :initialization-options '(:completion "never")
  :notification-handlers (lsp-ht ("fimble/status" #'ignore))))

(provide 'fimble-lsp-mode)
;;; fimble-lsp-mode.el ends here
